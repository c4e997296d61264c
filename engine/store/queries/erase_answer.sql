UPDATE requests SET answer = :answer WHERE id = :id
