#!/bin/sh
# Starts a default instance for a load generator, on the ports that it names, and becomes the broker:
#   BENCH_DIR          where the instance is made
#   BENCH_MQTT_PORT    further ports that detect the protocol
#   BENCH_STOMP_PORT
#   BENCH_AMQP_PORT
set -eu
cli="$(cd "$(dirname "$0")/../../cli" && pwd)/bin/tsapollo.js"
instance="${BENCH_DIR:?}/instance"
node "$cli" create --without-ssl "$instance" >"$BENCH_DIR/create.log"
sed -i \
  -e "s#bind=\"tcp://0.0.0.0:61613\" connection_limit=\"2000\"#bind=\"tcp://127.0.0.1:${BENCH_MQTT_PORT:-1883}\"#" \
  -e "s#bind=\"ws://0.0.0.0:61623\" connection_limit=\"2000\"#bind=\"tcp://127.0.0.1:${BENCH_STOMP_PORT:-61613}\"#" \
  -e "s#^\( *\)<connector id=\"ws\"#\1<connector id=\"third\" bind=\"tcp://127.0.0.1:${BENCH_AMQP_PORT:-5672}\"/>\n&#" \
  "$instance/etc/apollo.xml"
exec "$instance/bin/broker" run
