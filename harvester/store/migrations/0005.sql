-- What is judged again is read and replaced by its subjects, not by its rules.
CREATE INDEX finding_subject ON finding (account, origin, subject);
