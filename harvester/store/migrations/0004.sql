-- Every run asks for the newest moment that the home knows, and who broke off since.
CREATE INDEX artifact_retrieved ON artifact (retrieved_at);
CREATE INDEX run_started ON run (started_at);
CREATE INDEX run_finished ON run (finished_at);
CREATE INDEX sign_in_at ON sign_in (at);
