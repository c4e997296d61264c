"""What a signature covers, who has to sign, and which signatures still hold."""

from datetime import date
from typing import Any

import pytest
from builders import OWNER, PARTNER, a_case, a_definition, a_document
from msgspec.structs import replace

from engine.core.case import Case, Signature
from engine.core.requirements import signature_refusals
from engine.core.signing import missing_signers, outdated, signing_content, valid_signatures, wanted_signers

MATTER = a_definition()


def contracted(**more: Any) -> Case:
    data = {"subject": "S", "amount": "100.00", **more.pop("data", {})}
    return a_case(data=data, **{"documents": (a_document("contract"),), **more})


def signature(case: Case, number: int = 1, **more: Any) -> Signature:
    content = signing_content(MATTER, case, "contract") or ""
    given = {
        "who": "owner.signatory",
        "party": 1,
        "content": content,
        "method": "paper",
        "signed_on": date(2021, 3, 1),
        **more,
    }
    return Signature(number, person="p:2", document=1, kind="contract", **given)


CONTRACT = contracted()


def test_without_a_document_there_is_nothing_to_sign() -> None:
    assert signing_content(MATTER, contracted(documents=()), "contract") is None
    assert signing_content(MATTER, contracted(documents=(a_document("contract", draft=True),)), "contract") is None


@pytest.mark.parametrize(
    "changed",
    [
        replace(CONTRACT, data={**CONTRACT.data, "amount": "100.01"}),
        replace(CONTRACT, data={"subject": "S"}),
        replace(CONTRACT, documents=(*CONTRACT.documents, a_document("contract", 2))),
        replace(CONTRACT, parties=(OWNER,)),
        replace(CONTRACT, parties=(OWNER, replace(PARTNER, until=date(2021, 2, 1)))),
        replace(CONTRACT, parties=(OWNER, replace(PARTNER, required=False))),
        replace(CONTRACT, parties=(OWNER, replace(PARTNER, organisation="o:9"))),
        replace(CONTRACT, reference="M-2"),
    ],
)
def test_a_signature_falls_with_anything_it_covers(changed: Case) -> None:
    assert signing_content(MATTER, changed, "contract") != signing_content(MATTER, CONTRACT, "contract")


@pytest.mark.parametrize(
    "same",
    [
        replace(CONTRACT, data={**CONTRACT.data, "subject": "Annat"}),
        replace(CONTRACT, documents=(*CONTRACT.documents, a_document("application", 2))),
        replace(CONTRACT, documents=(*CONTRACT.documents, a_document("contract", 2, draft=True))),
        replace(CONTRACT, parties=(replace(OWNER, people={"contact": ("p:70",)}), PARTNER)),
        replace(CONTRACT, state="filed", n=99),
    ],
)
def test_a_signature_stands_whatever_else_changes(same: Case) -> None:
    assert signing_content(MATTER, same, "contract") == signing_content(MATTER, CONTRACT, "contract")


def test_nothing_is_another_content_than_a_flag_that_says_no() -> None:
    definition = a_definition("matter", lambda plain: plain["fields"].update(
        agreed={"type": "flag", "title": {"sv": "x", "en": "x"}, "signed": ["contract"]}))  # fmt: skip
    no = replace(CONTRACT, data={**CONTRACT.data, "agreed": False})

    assert signing_content(definition, no, "contract") != signing_content(definition, CONTRACT, "contract")


def test_only_valid_signatures_over_the_content_of_now_count() -> None:
    old = signature(CONTRACT, 1, content="00")
    void = signature(CONTRACT, 2, state="void")
    good = signature(CONTRACT, 3)
    case = replace(CONTRACT, signatures=(old, void, good))

    assert valid_signatures(MATTER, case, "contract") == (good,)
    assert outdated(MATTER, case) == (1,)


def test_who_has_to_sign_is_a_party_every_required_party_or_an_office() -> None:
    case = replace(CONTRACT, parties=(OWNER, PARTNER, replace(PARTNER, id=3, required=False),
                                      replace(PARTNER, id=4, until=date(2021, 1, 1))))  # fmt: skip

    assert wanted_signers(case, "every") == (("owner.signatory", 1), ("partner.signatory", 2))
    assert wanted_signers(case, "partner.economy") == (("partner.economy", 2), ("partner.economy", 3))
    assert wanted_signers(case, "head") == (("head", None),)
    assert wanted_signers(case, "evaluator.signatory") == (("evaluator.signatory", None),)


def test_those_who_have_signed_are_not_asked_again() -> None:
    case = replace(CONTRACT, signatures=(signature(CONTRACT),))

    assert list(missing_signers(MATTER, case, "every:contract")) == [("partner.signatory", 2)]
    assert list(missing_signers(MATTER, case, "owner.signatory:contract")) == []


def test_a_missing_signature_is_told_apart_from_one_that_no_longer_holds() -> None:
    case = replace(CONTRACT, signatures=(signature(CONTRACT, content="00"),))

    reasons = list(signature_refusals(MATTER, case, "every:contract"))

    assert [(r.code, r.params["party"]) for r in reasons] == [("signature_outdated", 1), ("signature_missing", 2)]
    assert reasons[1].who == ("partner.signatory",)
