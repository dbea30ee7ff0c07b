"""With which values: settings, taxonomy, tiers, policy and prompts. Knows nothing of ours."""
