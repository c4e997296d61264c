SELECT name, version, digest, body, text, published_at, valid_from FROM definitions ORDER BY name, version
