"""Pictures compared by people who do not know what made them, and what their answers say."""
