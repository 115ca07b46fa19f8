"""What must hold of open orders and of rebuilt histories."""
