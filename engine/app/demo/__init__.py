"""The demo: the programme's calls from 2016 on, played by the use cases in a sandbox whose clock is driven through."""
