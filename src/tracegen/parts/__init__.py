"""What components of several packs and tiers share: paths, ports and mounts, told once."""
