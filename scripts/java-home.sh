#!/bin/sh
# Prints the home of a JDK 25 or newer: from JAVA_HOME, the java on the path, or the usual install folders.
# Prints one line on standard error and fails when there is none.
set -u
least=25

major() { # of the JDK at $1, or nothing
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/java" ] || return 0
  version=$(sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$1/release" 2>/dev/null | head -n 1)
  [ -n "$version" ] || version=$("$1/bin/javac" -version 2>&1 | sed -n 's/^javac //p')
  echo "${version%%[.+-]*}"
}

fits() {
  found=$(major "$1")
  case $found in '' | *[!0-9]*) return 1 ;; esac
  [ "$found" -ge "$least" ]
}

on_path() {
  java=$(command -v java 2>/dev/null) || return 0
  java=$(readlink -f "$java" 2>/dev/null || echo "$java")
  echo "${java%/bin/java}"
}

for home in "${JAVA_HOME:-}" "$(on_path)" \
  /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/*jdk* /opt/*graalvm* \
  "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.local/share/mise/installs/java/* "$HOME"/.asdf/installs/java/* \
  /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
  if [ -n "$home" ] && fits "$home"; then
    echo "$home"
    exit 0
  fi
done
echo "Pilot Light needs a JDK $least or newer and found none: install one (Debian: apt install openjdk-25-jdk, or Temurin 25 from adoptium.net) or set JAVA_HOME." >&2
exit 1
