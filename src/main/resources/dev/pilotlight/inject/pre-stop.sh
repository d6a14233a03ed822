# Orders the drain and waits for its end. A sidecar that died or hangs is asked again for five minutes; meanwhile the engine at port $1 says what is in flight.
ask() { # request line, port, seconds
  request="$1 HTTP/1.0\r\nHost: 127.0.0.1\r\nPilotlight-Drain: pre-stop\r\nContent-Length: 0\r\n\r\n"
  if { command -v bash && command -v timeout; } >/dev/null; then
    timeout -s KILL "$3" bash -c "exec 3<>/dev/tcp/127.0.0.1/$2 && printf '$request' >&3 && exec cat <&3"
  else
    python3 -c "import socket as s; c = s.create_connection(('127.0.0.1', $2), $3); c.sendall(b'$request'); print(c.makefile().read())"
  fi 2>/dev/null
}
idle() {
  ask 'GET /metrics' "$1" 5 | {
    idle=no
    while read -r line; do
      case $line in
        vllm:num_requests_running* | vllm:num_requests_waiting*)
          case ${line##* } in 0 | 0.0) [ $idle = busy ] || idle=yes ;; *) idle=busy ;; esac ;;
      esac
    done
    [ $idle = yes ]
  }
}
away=0 quiet=0
while [ $away -lt 150 ]; do
  answer=$(ask 'POST /api/v1/drain' 9110 20)
  case $answer in
    HTTP/1.?' 200 '*) exit 0 ;;
    HTTP/1.?' 4'*) printf '%s\n' "{${answer#*\{}"; exit 1 ;;
    '') case $(ask 'GET /q/health/live' 9110 5) in HTTP/1.?' 200 '*) away=0 quiet=0; sleep 1; continue ;; esac ;;
  esac
  away=$((away + 1))
  if idle "$1"; then quiet=$((quiet + 1)); else quiet=0; fi
  [ $quiet -lt 5 ] || exit 0
  sleep 2
done
echo 'no sidecar for five minutes, and the engine does not say that it is idle'
exit 1
