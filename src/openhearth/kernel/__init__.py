"""What every capability stands on: policy, events, jobs, configuration, storage."""
