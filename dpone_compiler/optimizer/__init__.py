"""The pass manager: runs the one pass order, with listeners for print-outs, timing, verification and reproducers."""
