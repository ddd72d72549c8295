"""The load generators, wrk and h2load: how they are called and what their output says."""
