// Sends the one form of the page at once. Without scripts its button does.
"use strict";
document.forms[0].submit();
