"""Ends TLS in front of a server that does not speak it, as a reverse proxy does:
tls_proxy.py LISTEN_PORT SERVER_PORT CERTIFICATE_AND_KEY [AUTHORITIES]; with the last it asks clients for a certificate."""

import socket
import ssl
import sys
import threading


def Copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def Serve(client, context, server_port):
    try:
        secure = context.wrap_socket(client, server_side=True)
        server = socket.create_connection(("127.0.0.1", server_port))
    except OSError:
        client.close()
        return
    threading.Thread(target=Copy, args=(server, secure), daemon=True).start()
    Copy(secure, server)


def Main(listen_port, server_port, certificate, authorities=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if authorities:
        context.load_verify_locations(authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", int(listen_port))) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=Serve, args=(client, context, int(server_port)), daemon=True).start()


Main(*sys.argv[1:])
