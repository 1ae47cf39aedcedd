-- The views rank runs of the same images only, and say which those are.
DROP INDEX runs_finished;
CREATE INDEX runs_finished ON runs (experiment, configuration, seed, split_hash, content_hash, generated_data, multiply_adds,
                                     status, removed)
  WHERE status = 'finished' AND removed IS NULL;
