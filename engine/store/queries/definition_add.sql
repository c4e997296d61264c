INSERT INTO definitions (name, version, digest, body, text, published_at, valid_from)
VALUES (:name, :version, :digest, :body, :text, :published_at, :valid_from)
