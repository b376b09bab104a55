"""The page that enhances pictures in a browser, and the server for those who want one."""
