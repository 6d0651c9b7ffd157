"""Publishes and subscribes with paho-mqtt: `mqtt_round_trip.py <host> <port> <version 3|4|5> <topic> <ca file or ->`.

Prints a line for each thing that worked, and fails with a traceback.
"""

import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

host, port, version, topic, ca = sys.argv[1:]
WAIT_S = 20
FIVE = version == "5"

events = queue.Queue()


def make(client_id, lasting=False):
    extra = {} if FIVE else {"clean_session": not lasting}
    client = mqtt.Client(client_id, protocol=int(version), **extra)
    client.username_pw_set("admin", "password")
    if ca != "-":
        client.tls_set(ca)
    client.on_connect = lambda _c, _u, flags, code, *_: events.put(("connect", flags["session present"], int(getattr(code, "value", code))))
    client.on_subscribe = lambda _c, _u, mid, granted, *_: events.put(("subscribe", [int(getattr(g, "value", g)) for g in granted]))
    client.on_message = lambda _c, _u, message: events.put(("message", message))
    client.on_publish = lambda _c, _u, mid: events.put(("publish", mid))
    properties = Properties(PacketTypes.CONNECT)
    if lasting:
        properties.SessionExpiryInterval = 60
    hello = {"clean_start": not lasting, "properties": properties} if FIVE else {}
    client.connect(host, int(port), keepalive=30, **hello)
    client.loop_start()
    return client


def expect(kind):
    skipped = []
    while True:
        event = events.get(timeout=WAIT_S)
        if event[0] == kind:
            for one in skipped:
                events.put(one)
            return event
        skipped.append(event)


name = topic.replace("/", "-")
client = make(name, lasting=True)
assert expect("connect")[1:] == (0, 0)
print("connected", flush=True)

if FIVE:
    client.subscribe(topic + "/#", options=SubscribeOptions(qos=2, retainAsPublished=True))
else:
    client.subscribe(topic + "/#", qos=2)
assert expect("subscribe")[1] == [2]
for qos in (0, 1, 2):
    properties = None
    if FIVE:
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = "text/plain"
        properties.UserProperty = [("k", "1"), ("k", "2")]
        properties.CorrelationData = b"\x00\xff"
    client.publish(f"{topic}/{qos}", f"body {qos}", qos=qos, **({"properties": properties} if FIVE else {}))
for qos in (0, 1, 2):
    message = expect("message")[1]
    assert (message.topic, message.qos, message.payload) == (f"{topic}/{qos}", qos, f"body {qos}".encode()), message.topic
    if FIVE:
        assert message.properties.UserProperty == [("k", "1"), ("k", "2")]
        assert (message.properties.ContentType, message.properties.CorrelationData) == ("text/plain", b"\x00\xff")
print("messages", flush=True)

client.disconnect()
client.loop_stop()
while not events.empty():
    events.get()
other = make(name + "-other")
expect("connect")
other.publish(topic + "/later", "waited", qos=1).wait_for_publish(WAIT_S)
client = make(name, lasting=True)
assert expect("connect")[1] == (0 if version == "3" else 1)  # MQTT 3.1 does not say
assert expect("message")[1].payload == b"waited"
print("session", flush=True)

if FIVE:
    members = [make(f"{name}-{at}") for at in (1, 2)]
    for member in members:
        expect("connect")
        member.subscribe(f"$share/g/{topic}-jobs", qos=1)
        expect("subscribe")
    for at in range(10):
        other.publish(f"{topic}-jobs", str(at), qos=1)
    assert sorted(int(expect("message")[1].payload) for _ in range(10)) == list(range(10))
    for member in members:
        member.disconnect()
        member.loop_stop()
for one in (client, other):
    one.disconnect()
    one.loop_stop()
print("done", flush=True)
