# Compares the complaints about $OUT with those about the same program made by lld.
complaints() {
  eu-elflint --gnu-ld "$1" 2>&1 | sed "s/[0-9][0-9]*/N/g; s/'_[A-Za-z_.]*'/NAME/g; s/'[.]rela[.][a-z]*'/RELA/g" | sort -u
  readelf -aW "$1" 2>&1 >/dev/null | sed "s/[0-9][0-9]*/N/g; s|$1|FILE|g" | sort -u
}
mkdir -p reference
ln -sf "$(command -v ld.lld)" reference/ld
reference_link=$(printf '%s' "$RELINK" | sed 's|-B[^ ]*|-Breference|')
$reference_link -o lld.out || exit 1
complaints lld.out | sort -u > lld.txt
complaints "$OUT" | sort -u > out.txt
new=$(comm -13 lld.txt out.txt | grep -v '^No errors')
[ -z "$new" ] || { echo "$new"; exit 1; }
