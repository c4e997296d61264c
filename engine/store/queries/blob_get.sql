SELECT content FROM blobs WHERE sha256 = :sha256
