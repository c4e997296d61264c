SELECT name, version, digest, body, text, published_at, valid_from FROM definitions
WHERE name = :name AND version = :version
