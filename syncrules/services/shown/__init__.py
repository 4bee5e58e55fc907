"""What the pages of syncing show, read with a fixed number of queries. Nothing here writes."""
