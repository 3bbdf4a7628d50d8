// What every page runs. When files are collected, each line below becomes the module that it names
// (dashboard/web/static_files.py), so that a browser asks once; unjoined, it works as it stands.
import "./trusted.js";
import "./trouble.js";
import "./rows.js";
import "./times.js";
import "./live.js";
import "./dashboard.js";
import "./media.js";
import "./requests.js";
import "./selection.js";
