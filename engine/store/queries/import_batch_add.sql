INSERT INTO import_batches (name, at, source) VALUES (:name, :at, :source)
