# Fails on the sidecar's verdict alone: a 503 that speaks of the engine. A sidecar that is away, slow or broken is no evidence, nor is a shell that cannot fork.
verdict=0
trap 'exit $verdict' EXIT
request='GET /q/health/group/engine HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n'
if command -v bash && command -v timeout; then
  answer=$(timeout -s KILL 4 bash -c "exec 3<>/dev/tcp/127.0.0.1/9110 && printf '$request' >&3 && exec cat <&3")
else
  answer=$(python3 -c "import socket as s; c = s.create_connection(('127.0.0.1', 9110), 4); c.sendall(b'$request'); print(c.makefile().read())")
fi >/dev/null 2>&1
case $answer in
  HTTP/1.?' 503 '*'"engine"'*) printf '%s\n' "{${answer#*\{}"; verdict=1 ;;
esac
