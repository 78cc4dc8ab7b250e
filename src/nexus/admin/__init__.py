"""What do we see? The rooms behind, for those who look, help and decide, and for nobody else."""
