"""Known models, sizing and the planner. Pure: facts and wishes come in, a plan comes out; nothing is started."""
