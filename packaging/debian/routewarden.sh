#!/bin/sh
# The settings of the service, unless others are named.
ROUTEWARDEN_CONFIG="${ROUTEWARDEN_CONFIG-/etc/routewarden/routewarden.json}"
export ROUTEWARDEN_CONFIG
exec /usr/lib/routewarden/node /usr/lib/routewarden/bin/routewarden.js "$@"
