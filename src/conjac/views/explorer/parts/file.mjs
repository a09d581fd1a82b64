// The host of an offline file.

import { start } from "./page.mjs";

start();
