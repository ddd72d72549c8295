"""Where the proxy's CPU time goes: `python -m bench.profile CASE`.

A worker of tulle runs under load with a sampler inside, told by a signal when to begin and to end. No line of `src`
knows of it: `launcher` starts the proxy with another worker function.
`perf`, where it is installed, adds the native half.
"""
