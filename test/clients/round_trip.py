"""Sends and receives with stomp.py: `round_trip.py <host> <port> <version> <destination> <ca file or ->`.

Prints a line for each thing that worked, and fails with a traceback.
"""

import queue
import sys

import stomp

host, port, version, destination, ca = sys.argv[1:]
WAIT_S = 20


class Inbox(stomp.ConnectionListener):
    def __init__(self):
        self.messages = queue.Queue()
        self.receipts = queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.messages.put(frame)


KINDS = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
connection = KINDS[version]([(host, int(port))])
if ca != "-":
    connection.set_ssl([(host, int(port))], ca_certs=ca)
inbox = Inbox()
connection.set_listener("", inbox)
connection.connect("admin", "password", wait=True)
print("connected", flush=True)

mode = "client" if version == "1.0" else "client-individual"
connection.subscribe(destination=destination, id="1", ack=mode)
for number, body in enumerate(["hello", "Grüße, 你好", "z" * 100_000]):
    connection.send(destination=destination, body=body, headers={"own": "value"}, receipt=str(number))
    frame = inbox.messages.get(timeout=WAIT_S)
    assert frame.body == body, frame
    assert frame.headers["own"] == "value", frame.headers
    assert inbox.receipts.get(timeout=WAIT_S) == str(number)
    if version == "1.0":
        connection.ack(frame.headers["message-id"])
    elif version == "1.1":
        connection.ack(frame.headers["message-id"], "1")
    else:
        connection.ack(frame.headers["ack"])
print("messages", flush=True)

transaction = connection.begin()
connection.send(destination=destination, body="inside", transaction=transaction)
connection.send(destination=destination, body="outside", receipt="outside")
assert inbox.receipts.get(timeout=WAIT_S) == "outside"
frame = inbox.messages.get(timeout=WAIT_S)
assert frame.body == "outside", frame
connection.commit(transaction)
frame = inbox.messages.get(timeout=WAIT_S)
assert frame.body == "inside", frame
print("transaction", flush=True)

connection.disconnect()
print("done", flush=True)
