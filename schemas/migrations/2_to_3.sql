-- Sweeps that choose their points as they go.
ALTER TABLE sweeps ADD COLUMN search TEXT;
ALTER TABLE sweep_points ADD COLUMN coordinates TEXT;
