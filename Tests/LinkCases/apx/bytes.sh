#!/bin/sh
# The bytes of section .apx in hexadecimal, on one line.
objcopy -O binary -j .apx "$1" apx.bin && od -An -v -tx1 apx.bin | tr -d ' \n'
