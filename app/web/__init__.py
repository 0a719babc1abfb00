"""The web page for a trained model: a Flask application that neither stores nor forwards the pictures."""
