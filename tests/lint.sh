#!/usr/bin/env bash
# Every linter, one line each when all is well. A failure shows what the linter said and does not stop the others.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PWD/.cache/bin:$PATH"
export GOGC=400 # many short runs of helm

failed=()

run() { # NAME COMMAND...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok      $name"
  else
    printf '%s\n' "$output"
    echo "FAILED  $name"
    failed+=("$name")
  fi
}

shell_scripts() { # by their first line, whatever they are called
  find . -type d \( -name .git -o -name .venv -o -name .cache -o -name '.*_cache' \) -prune -o -type f -print0 |
    xargs -0 awk 'FNR == 1 && /^#!.*[\/ ](ba|da)?sh( |$)/ { print FILENAME } { nextfile }'
}

shellcheck_all() {
  local scripts
  mapfile -t scripts < <(shell_scripts)
  shellcheck "${scripts[@]}"
}

helm_lint() { # HELM: the chart with each file of values that chart-testing tries
  local values output code=0
  for values in charts/privreg/ci/*-values.yaml; do
    if ! output=$("$1" lint --strict --quiet charts/privreg --values "$values" 2>&1); then
      printf '%s: %s\n' "$values" "$output"
      code=1
    fi
  done
  return "$code"
}

run "ruff check" ruff check --quiet .
run "ruff format" ruff format --quiet --diff .
run "mypy" mypy
run "yamllint" yamllint --strict .
run "shellcheck" shellcheck_all
run "helm lint (Helm 4)" helm_lint helm
run "helm lint (Helm 3)" helm_lint helm3
run "table of values in the chart's README" python -m tests.chart.values_table --check
run "reference of the command line" python -m tests.reference --check
run "what holds each promise" python -m tests.claims --check

if ((${#failed[@]})); then
  printf 'lint failed: %s\n' "$(IFS=,; echo "${failed[*]}")"
  exit 1
fi
