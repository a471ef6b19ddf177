BEGIN { trace(sx_shared_held(0)); }
