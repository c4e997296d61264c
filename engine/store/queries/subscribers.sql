SELECT s.person_id FROM subscriptions s JOIN people p ON p.id = s.person_id
WHERE s.list = :list AND p.ended_on IS NULL ORDER BY s.person_id
