"""Training and test pairs in webdataset shards: made, written, read, cut into patches."""
