"use strict";
(function () {
  var cases = JSON.parse(document.getElementById("index").textContent);
  var box = document.getElementById("q");
  var list = document.getElementById("found");
  var count = document.getElementById("count");
  var most = 100;

  function plain(text) {
    return text.toLocaleLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  }

  var haystacks = cases.map(function (one) { return plain(one.slice(1).join(" ")); });

  function item(one) {
    var line = document.createElement("li");
    var link = document.createElement("a");
    link.href = one[0];
    link.textContent = one[1] + " " + one[2];
    line.append(link, " – " + one[3] + ", " + one[4]);
    return line;
  }

  function show() {
    var words = plain(box.value).split(/\s+/).filter(Boolean);
    var found = [];
    haystacks.forEach(function (text, place) {
      if (words.length && words.every(function (word) { return text.includes(word); })) { found.push(cases[place]); }
    });
    list.replaceChildren.apply(list, found.slice(0, most).map(item));
    var told = found.length ? count.dataset.some.replace("#", found.length).replace("%", Math.min(most, found.length)) : count.dataset.none;
    count.textContent = words.length ? told : "";
  }

  function step(event) {
    var links = Array.from(list.querySelectorAll("a"));
    var place = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      box.value = "";
      show();
      box.focus();
    } else if (event.key === "ArrowDown" && links.length) {
      links[Math.min(place + 1, links.length - 1)].focus();
      event.preventDefault();
    } else if (event.key === "ArrowUp" && place >= 0) {
      (place ? links[place - 1] : box).focus();
      event.preventDefault();
    }
  }

  box.value = new URLSearchParams(location.search).get("q") || "";
  box.addEventListener("input", show);
  document.getElementById("search").addEventListener("submit", function (event) {
    event.preventDefault();
    show();
  });
  document.getElementById("content").addEventListener("keydown", step);
  show();
}());
