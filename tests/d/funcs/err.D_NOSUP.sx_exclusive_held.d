BEGIN { trace(sx_exclusive_held(0)); }
