INSERT INTO requests (id, digest, answer, at) VALUES (:id, :digest, :answer, :at)
