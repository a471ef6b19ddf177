BEGIN { trace(sx_isexclusive(0)); }
