"""The web page for a trained model: a Flask application that answers pictures, keeps none of them and calls nobody."""
