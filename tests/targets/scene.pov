// SPDX-License-Identifier: GPL-2.0-or-later
// A small scene for the demo and the tests: no randomness, no includes.
#version 3.7;
global_settings { assumed_gamma 1.0 max_trace_level 5 }
camera { location <0, 2, -5> look_at <0, 1, 0> angle 50 }
light_source { <4, 6, -5> color rgb <1, 1, 1> }
plane { y, 0 pigment { checker color rgb <0.9, 0.9, 0.9>, color rgb <0.2, 0.3, 0.4> } }
sphere { <0, 1, 0>, 1 pigment { color rgb <0.9, 0.4, 0.1> } finish { reflection 0.3 phong 0.8 } }
torus { 1.4, 0.15 rotate <20, 0, 10> translate <0, 1, 0> pigment { color rgb <0.2, 0.7, 0.3> } }
