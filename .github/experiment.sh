#!/usr/bin/env bash
# What this checkout changes in the results since a commit, as Markdown on standard output: .github/experiment.sh COMMIT
# The charts lie in plots-diff/: one PNG each, and an interactive page of all. Needs dvc, and vl2png of Vega-Lite.
set -euo pipefail
base=$1
out=plots-diff
plots=("Loss" "Balanced accuracy" "Confusion, shares" "ROC" "Reliability")

mkdir -p "$out"
echo "## Metrics"
echo
metrics=$(dvc metrics diff --md "$base")
echo "${metrics:-No metric changed.}"
echo
echo "## Plots"
echo
for plot in "${plots[@]}"; do
  file="$out/$(tr -c '[:alnum:]\n' '_' <<< "$plot").png"
  dvc plots diff --show-vega --targets "$plot" -- "$base" > "$out/vega.json"
  vl2png "$out/vega.json" "$file"
  echo "![$plot](./$file)"
done
rm "$out/vega.json"
# Pictures are in DVC's cache alone, and DVC writes no page at all where one is missing: only what Git holds
dvc plots diff --out "$out" --targets "${plots[@]}" -- "$base" > /dev/null
echo
echo "<details><summary>Findings</summary>"
echo
sed 's/^#/##/' reports/findings.md
echo
echo "</details>"
