-- Every run asks for the newest moment that the home knows.
CREATE INDEX artifact_retrieved ON artifact (retrieved_at);
