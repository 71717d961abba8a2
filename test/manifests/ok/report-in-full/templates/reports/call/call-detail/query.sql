SELECT c0_, c1_, c2_, c3_, c4_, c5_, c6_, c7_, c8_ FROM calls
