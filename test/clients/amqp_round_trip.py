"""Uses most of AMQP with Qpid Proton: amqp_round_trip.py URL PREFIX. Prints a line after each step."""

import sys
import threading

from proton import Message
from proton.handlers import MessagingHandler, TransactionHandler
from proton.reactor import Container, Copy, Selector
from proton.utils import BlockingConnection, LinkDetached, SyncRequestResponse

url, prefix = sys.argv[1:3]


def connect():
    return BlockingConnection(url, allowed_mechs="PLAIN", timeout=20, heartbeat=2)


def done(step):
    print(step, flush=True)


connection = connect()
done("connected")

sender = connection.create_sender(prefix + "q")
for number in range(50):
    sender.send(Message(body="message %d" % number, durable=True, properties={"number": number}))
receiver = connection.create_receiver(prefix + "q", credit=10)
for number in range(50):
    message = receiver.receive()
    assert message.body == "message %d" % number and message.properties["number"] == number, message
    receiver.accept()
receiver.close()
done("messages")

for body in ["text", b"bytes", {"a": [1, 2.5, None]}, ["list", True], 42, None]:
    sender.send(Message(body=body))
receiver = connection.create_receiver(prefix + "q")
for body in ["text", b"bytes", {"a": [1, 2.5, None]}, ["list", True], 42, None]:
    assert receiver.receive().body == body
    receiver.accept()
done("bodies")

large = "0123456789" * 500_000
sender.send(Message(body=large))
assert receiver.receive().body == large
receiver.accept()
receiver.close()
done("large")

for number in range(5):
    sender.send(Message(body=number, properties={"odd": number % 2 == 1}))
browser = connection.create_receiver(prefix + "q", options=Copy())
assert [browser.receive().body for _ in range(5)] == [0, 1, 2, 3, 4]
browser.close()
odd = connection.create_receiver(prefix + "q", options=Selector("odd = TRUE"))
for number in (1, 3):
    assert odd.receive().body == number
    odd.accept()
odd.close()
done("browse and selectors")

receiver = connection.create_receiver(prefix + "q", credit=1)
assert receiver.receive().body == 0
receiver.release(delivered=True)
receiver.close()
receiver = connection.create_receiver(prefix + "q", credit=3)
message = receiver.receive()
assert message.body == 0 and not message.first_acquirer, message
receiver.accept()
for number in (2, 4):
    assert receiver.receive().body == number
    receiver.accept()
receiver.close()
done("outcomes")

try:
    connection.create_receiver("dsub://nobody.has.it")
    raise AssertionError("a receiver on nothing")
except LinkDetached as error:
    assert "amqp:not-found" in str(error), error
done("errors")


class Answering(MessagingHandler):
    """Answers one question, then stops."""

    def on_start(self, event):
        self.connection = event.container.connect(url, allowed_mechs="PLAIN")
        event.container.create_receiver(self.connection, prefix + "ask")
        self.sender = event.container.create_sender(self.connection, None)

    def on_message(self, event):
        question = event.message
        self.sender.send(Message(address=question.reply_to, correlation_id=question.correlation_id, body=question.body.upper()))

    def on_accepted(self, event):
        event.connection.close()


thread = threading.Thread(target=Container(Answering()).run)
thread.start()
requester = SyncRequestResponse(connect(), prefix + "ask")
assert requester.call(Message(body="question")).body == "QUESTION"
requester.connection.close()
thread.join(20)
done("request and response")


class Transacting(MessagingHandler, TransactionHandler):
    """Sends five in a transaction that is rolled back, five in one that is committed."""

    def __init__(self):
        super().__init__()
        self.rounds = ["abort", "commit"]
        self.transaction = None

    def on_start(self, event):
        self.container = event.container
        self.connection = event.container.connect(url, allowed_mechs="PLAIN")
        self.sender = event.container.create_sender(self.connection, prefix + "tx")
        self.container.declare_transaction(self.connection, handler=self)

    def on_transaction_declared(self, event):
        self.transaction = event.transaction
        ending = self.rounds.pop(0)
        for number in range(5):
            self.transaction.send(self.sender, Message(body="%s %d" % (ending, number)))
        getattr(self.transaction, ending)()

    def on_transaction_aborted(self, event):
        self.container.declare_transaction(self.connection, handler=self)

    def on_transaction_committed(self, event):
        self.connection.close()


Container(Transacting()).run()
receiver = connection.create_receiver(prefix + "tx", credit=10)
for number in range(5):
    assert receiver.receive().body == "commit %d" % number
    receiver.accept()
receiver.close()
done("transactions")


class Draining(MessagingHandler):
    """Gives more credit than there are messages, and takes the rest back."""

    def __init__(self):
        super().__init__(prefetch=0)
        self.count = 0
        self.drained = False

    def on_start(self, event):
        self.connection = event.container.connect(url, allowed_mechs="PLAIN")
        self.receiver = event.container.create_receiver(self.connection, prefix + "drain")

    def on_link_opened(self, event):
        self.receiver.drain(10)

    def on_message(self, event):
        self.count += 1
        self.check()

    def on_link_flow(self, event):
        self.drained = self.receiver.credit == 0 and not self.receiver.draining()
        self.check()

    def check(self):
        if self.count == 3 and self.receiver.credit == 0:
            self.connection.close()


feeder = connection.create_sender(prefix + "drain")
for number in range(3):
    feeder.send(Message(body=number))
draining = Draining()
Container(draining).run()
assert draining.count == 3
done("drain")

connection.close()
again = connect()
again.create_sender(prefix + "q").send(Message(body="again"))
assert again.create_receiver(prefix + "q").receive().body == "again"
again.close()
done("reconnected")
