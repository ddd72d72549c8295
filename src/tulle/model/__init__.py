"""Values that both planes speak of: hosts, labels, ports, services, endpoints, names.

Pure values and pure functions; nothing here reads files, opens sockets or knows a plane.
"""
