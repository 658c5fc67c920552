"""You hold a trained model: can an outsider tell whose records trained it?"""
