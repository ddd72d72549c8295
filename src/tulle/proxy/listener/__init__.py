"""From a listening socket to the filter chain that serves a connection.

The main process opens the sockets; a worker's `ListenerSet` accepts on them, lets listener filters look at the first
bytes, matches a filter chain and hands the connection to the chain's terminal filter. Listeners are replaced while they
serve: what did not change keeps its connections. Only composition roots know this package; it knows the filters of a
chain as `ConnectionHandler`s only.
"""
