"""How our pages look: templates, style sheets and scripts, shared by the console and an office's servers."""
